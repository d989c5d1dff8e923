export const softwareVersion = '0.1.0'
